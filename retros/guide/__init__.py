"""The guide for the two (docs/guide.md) as a page. Nothing of anybody."""
