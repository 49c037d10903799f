"""Where bytes come from: folders and archives, opened read-only and never changed; where a Windows hides in them."""
