"""One class per kind of step. A new kind is a class, a template and a line in retros/room/page.py."""
