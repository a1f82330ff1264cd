"""Which mails and notices are due to whom, and their words. Never anything that somebody wrote; never the sending."""
