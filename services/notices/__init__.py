"""notices: the paper people pay with. Renders the official avviso di pagamento and the receipt as PDF."""
