// Sends the one form of this page; without scripts the person presses its button.
document.getElementById("form-post").requestSubmit();
