"""What two people choose for a day: the catalogue as a pair sees it, and beginning from it. Never what is in a sitting."""
