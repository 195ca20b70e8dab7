"""Mail to citizens who agreed to it: a new practice, a due date that comes near, a payment that was confirmed."""
