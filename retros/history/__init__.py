"""What has been: the timeline, one retro on a page, the trend. Never writes."""
