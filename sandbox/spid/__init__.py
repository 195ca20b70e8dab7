"""A SPID identity provider to try the portal with: a real peer over HTTP, with test citizens and chosen outcomes."""
