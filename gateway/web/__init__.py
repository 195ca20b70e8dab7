"""The pages of Back Office Pagatore: one module per group of screens, its templates under templates/."""
