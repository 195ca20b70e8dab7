"""What ops run the portal with: the chart, alert rules, dashboards."""
