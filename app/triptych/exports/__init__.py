"""What leaves: one module a format. `EXPORTERS` (in `exports.formats`) names them."""
