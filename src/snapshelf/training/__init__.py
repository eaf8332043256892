"""Training of the encoders; everything here needs the extra ``snapshelf[train]``."""
