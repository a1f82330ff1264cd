"""Finding again what one may read. Finds places, and asks the usual filters who may read there. Never writes."""
