"""Electronic mail: messages from bytes, who vouches for them, and the verdict about them. Nothing here reads files."""
