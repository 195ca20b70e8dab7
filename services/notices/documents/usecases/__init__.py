"""What documents are asked for: reads and writes in their order, rules from the domain."""
