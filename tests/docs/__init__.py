"""What README, contract and the other pages say is held against the code. The set-up pages are in tests/platforms/test_set_up_pages.py."""
