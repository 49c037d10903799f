"""The nouns that every other folder exchanges: frozen, standard library only, knowing nothing above them."""
