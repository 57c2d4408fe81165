"""Tests of Callgate, laid out like the packages they test."""
