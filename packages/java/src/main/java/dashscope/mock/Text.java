package dashscope.mock;

import dashscope.mock.control.model.ReplyText;
import dashscope.mock.control.model.ReplyTextForm;

/** The texts that a script waits for. */
public final class Text {
    private Text() {}

    /** This text and no other. */
    public static ReplyText is(String text) {
        return new ReplyText(text);
    }

    /** Every text that holds this one. */
    public static ReplyText contains(String part) {
        return new ReplyText(new ReplyTextForm().contains(part));
    }

    /** Every text in which this regular expression, of Python's kind, is found. */
    public static ReplyText regex(String pattern) {
        return new ReplyText(new ReplyTextForm().regex(pattern));
    }
}
