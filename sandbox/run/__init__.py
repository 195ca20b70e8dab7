"""The one-command run: what `./portal` does once its environment exists."""
