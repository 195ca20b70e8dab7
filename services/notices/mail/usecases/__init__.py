"""What mail does: learn from events, queue what is due, deliver it, note what came back."""
