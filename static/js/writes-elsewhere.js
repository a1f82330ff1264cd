// Whether somebody writes outside this form by now: what answers it leaves them there.
window.writesElsewhere = (form) => {
  const { activeElement: on } = document;
  return on.matches("textarea, input, select") && !form.contains(on);
};
