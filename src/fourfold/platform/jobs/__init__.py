"""Work that happens later: one queue in the same database, one worker, each task acting as a stated service."""
