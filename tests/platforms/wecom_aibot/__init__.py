"""What proves the platform of WeCom's AI bots."""
