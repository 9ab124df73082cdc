"""The stage for steppers and exercises: marked places, their display, the front end."""
