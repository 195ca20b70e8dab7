"""The developer's programs: what `./portal` does once its environment exists. Never in an image of the product."""
