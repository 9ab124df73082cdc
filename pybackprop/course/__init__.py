"""What only the book needs: figures, steppers, exercises. The core imports nothing of it."""
