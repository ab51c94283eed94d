package com.amazonaws.services.lambda.runtime.logging;

/** Lines as they are, or as JSON. */
public enum LogFormat {
    JSON,
    TEXT;

    public static LogFormat fromString(String name) {
        return name == null ? TEXT : valueOf(name.toUpperCase(java.util.Locale.ROOT));
    }
}
