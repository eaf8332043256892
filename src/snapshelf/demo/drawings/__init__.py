"""One function per kind of product: `draw(pen, look)`."""
