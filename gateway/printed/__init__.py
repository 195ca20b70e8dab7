"""What a printing job is fetched as, put together while it is sent: a ZIP, or one merged PDF."""
