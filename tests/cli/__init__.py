"""Tests of the terminal itself: help, completion, tunnels, what lists take."""
