// The answer goes back without a click; without JavaScript the button does the same.
document.getElementById("answer").submit();
