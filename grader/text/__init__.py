"""Text for people: untrusted text made printable, cut, counted; times as people read them."""
