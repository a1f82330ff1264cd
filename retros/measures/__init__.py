"""The measures of a pair: putting them on the list, other words, retiring them. Never what anybody answered."""
