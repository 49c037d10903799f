"""What each store tells: XML files, registry, scheduler. `STORES` names them in the order a scan reads them."""
