"""Rules of the gate `tamper`: whether the patch touches what measures or judges it."""
