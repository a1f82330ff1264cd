"""A database of each release, with what was in it and who could read what: `python -m tests.releases` adds this one."""
