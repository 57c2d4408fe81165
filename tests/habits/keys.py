"""The keys that these tests send with."""

CI_KEY = "ci_key_0123456789abcdefgh"
OTHER_KEY = "other_key_0123456789abcdef"
WRONG_KEY = "wrong_key_0123456789abcdef"
