"""Grafana's dashboards, built from code."""
