// The editor of code on a page: CodeMirror, put in the place of a text field. The build bundles it.
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightSpecialChars, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

// Colors are the page's (python.css), so that they follow light and dark.
const colors = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.controlKeyword, tags.definitionKeyword], class: "pb-keyword" },
  { tag: [tags.string, tags.special(tags.string)], class: "pb-string" },
  { tag: [tags.number, tags.bool, tags.null], class: "pb-number" },
  { tag: tags.comment, class: "pb-comment" },
  { tag: tags.function(tags.definition(tags.variableName)), class: "pb-name" },
]);

// Returns { get, set }: its text. Tab indents; Escape, then Tab leaves.
globalThis.pybackpropEditor = (field, { label, describedBy, change, run }) => {
  const view = new EditorView({
    state: EditorState.create({
      doc: field.value,
      selection: { anchor: field.selectionStart, head: field.selectionEnd },
      extensions: [
        keymap.of([
          ...["Mod-Enter", "Ctrl-Enter", "Shift-Enter"].map((key) => ({ key, run: () => (run(), true) })),
          indentWithTab, ...defaultKeymap, ...historyKeymap,
        ]),
        history(), lineNumbers(), drawSelection(), highlightSpecialChars(), bracketMatching(), indentOnInput(),
        indentUnit.of("    "), python(), syntaxHighlighting(colors), EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": label, "aria-describedby": describedBy }),
        EditorView.updateListener.of(({ docChanged }) => docChanged && change()),
      ],
    }),
  });
  // The theme takes "/" and others for itself, everywhere but in plain fields.
  view.dom.addEventListener("keydown", (event) => event.stopPropagation());
  const focused = document.activeElement === field;
  field.replaceWith(view.dom);
  if (focused) view.focus();
  return {
    get: () => view.state.doc.toString(),
    set: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
  };
};
