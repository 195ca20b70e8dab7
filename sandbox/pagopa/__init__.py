"""pagoPA as a peer of the portal: Checkout, the node and the counter of a PSP, over HTTP and SOAP only."""
