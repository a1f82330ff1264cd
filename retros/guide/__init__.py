"""The guide for the two (docs/guide.md) as a page. Never anything of anybody."""
