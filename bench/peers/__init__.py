"""What the gateway is measured beside: Flask views as they are usually written, none of which stores anything."""
