"""What WeChat, WeCom and Mini Programs share: envelopes, messages in XML, passive replies."""
