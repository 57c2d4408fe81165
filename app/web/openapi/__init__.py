"""What the API says of itself: words for schemas, descriptions beside the views, the document made of them, its page."""
