package functory;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** JSON text to maps, lists, strings, numbers and booleans, and back. Numbers are Integer, Long, BigInteger or Double. */
final class Json {
    /** Text that is not JSON; the message says where. */
    static final class Malformed extends RuntimeException {
        Malformed(String message) {
            super(message);
        }
    }

    private static final int DEEPEST = 1000;

    private final String text;
    private int at;
    private int depth;

    private Json(String text) {
        this.text = text;
    }

    static Object parse(byte[] bytes) {
        return parse(new String(bytes, StandardCharsets.UTF_8));
    }

    static Object parse(String text) {
        Json reader = new Json(text);
        Object value = reader.value();
        reader.space();
        if (reader.at < text.length()) {
            throw reader.malformed("something follows");
        }
        return value;
    }

    private Object value() {
        space();
        if (at >= text.length()) {
            throw malformed("nothing");
        }
        switch (text.charAt(at)) {
            case '{':
                return object();
            case '[':
                return array();
            case '"':
                return string();
            case 't':
                return word("true", Boolean.TRUE);
            case 'f':
                return word("false", Boolean.FALSE);
            case 'n':
                return word("null", null);
            default:
                return number();
        }
    }

    private Map<String, Object> object() {
        Map<String, Object> found = new LinkedHashMap<>();
        enter();
        if (next('}')) {
            depth--;
            return found;
        }
        do {
            space();
            if (at >= text.length() || text.charAt(at) != '"') {
                throw malformed("no name");
            }
            String name = string();
            need(':');
            found.put(name, value());
        } while (next(','));
        need('}');
        depth--;
        return found;
    }

    private List<Object> array() {
        List<Object> found = new ArrayList<>();
        enter();
        if (next(']')) {
            depth--;
            return found;
        }
        do {
            found.add(value());
        } while (next(','));
        need(']');
        depth--;
        return found;
    }

    private String string() {
        int end = ++at;
        while (end < text.length() && text.charAt(end) != '"' && text.charAt(end) != '\\') {
            end++;
        }
        if (end < text.length() && text.charAt(end) == '"') { // most have no escapes
            String plain = text.substring(at, end);
            at = end + 1;
            return plain;
        }
        StringBuilder made = new StringBuilder();
        while (at < text.length()) {
            char each = text.charAt(at++);
            if (each == '"') {
                return made.toString();
            }
            made.append(each == '\\' ? escaped() : each);
        }
        throw malformed("a string without end");
    }

    private char escaped() {
        if (at >= text.length()) {
            throw malformed("a string without end");
        }
        char kind = text.charAt(at++);
        switch (kind) {
            case 'b':
                return '\b';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'u':
                try {
                    at += 4;
                    return (char) Integer.parseInt(text.substring(at - 4, at), 16);
                } catch (RuntimeException error) {
                    throw malformed("an escape");
                }
            case '"', '\\', '/':
                return kind;
            default:
                throw malformed("an escape");
        }
    }

    private Object number() {
        int start = at;
        while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        String digits = text.substring(start, at);
        try {
            if (digits.chars().anyMatch(each -> ".eE".indexOf(each) >= 0)) {
                return Double.valueOf(digits);
            }
            if (digits.length() < 10) {
                return Integer.valueOf(digits);
            }
            BigInteger exact = new BigInteger(digits);
            if (exact.bitLength() > 63) {
                return exact;
            }
            long value = exact.longValue();
            return value == (int) value ? (Object) (int) value : (Object) value;
        } catch (NumberFormatException error) {
            at = start;
            throw malformed("no value");
        }
    }

    private Object word(String word, Object value) {
        if (!text.startsWith(word, at)) {
            throw malformed("no value");
        }
        at += word.length();
        return value;
    }

    private void enter() {
        at++;
        if (++depth > DEEPEST) {
            throw malformed("more than " + DEEPEST + " levels");
        }
    }

    private boolean next(char wanted) {
        space();
        if (at < text.length() && text.charAt(at) == wanted) {
            at++;
            return true;
        }
        return false;
    }

    private void need(char wanted) {
        if (!next(wanted)) {
            throw malformed("no " + wanted);
        }
    }

    private void space() {
        while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private Malformed malformed(String what) {
        return new Malformed("not JSON: " + what + " at character " + at);
    }

    static byte[] write(Object value) {
        StringBuilder out = new StringBuilder();
        put(out, value);
        return out.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** Maps, lists, strings, numbers, booleans and null; see Beans.plain for the rest. */
    private static void put(StringBuilder out, Object value) {
        if (value instanceof Map<?, ?> map) {
            char before = '{';
            for (Map.Entry<?, ?> each : map.entrySet()) {
                quote(out.append(before), String.valueOf(each.getKey()));
                put(out.append(':'), each.getValue());
                before = ',';
            }
            out.append(before == '{' ? "{}" : "}");
        } else if (value instanceof List<?> list) {
            char before = '[';
            for (Object each : list) {
                put(out.append(before), each);
                before = ',';
            }
            out.append(before == '[' ? "[]" : "]");
        } else if (value instanceof String string) {
            quote(out, string);
        } else if (value instanceof Double || value instanceof Float) {
            double number = ((Number) value).doubleValue();
            if (Double.isFinite(number)) {
                out.append(value);
            } else {
                quote(out, value.toString());
            }
        } else if (value instanceof BigDecimal number) {
            out.append(number);
        } else {
            out.append(value);
        }
    }

    private static void quote(StringBuilder out, String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char each = text.charAt(i);
            switch (each) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (each < 0x20 || Character.isSurrogate(each) && !paired(text, i)) {
                        out.append(String.format("\\u%04x", (int) each));
                    } else {
                        out.append(each);
                    }
                }
            }
        }
        out.append('"');
    }

    /** Whether the half of a character has its other half beside it. */
    private static boolean paired(String text, int at) {
        char each = text.charAt(at);
        return Character.isHighSurrogate(each)
                ? at + 1 < text.length() && Character.isLowSurrogate(text.charAt(at + 1))
                : at > 0 && Character.isHighSurrogate(text.charAt(at - 1));
    }
}
