"""What two people choose for a day, and beginning it: the catalogue as a pair sees it. Never what is in a sitting."""
