package com.amazonaws.services.lambda.runtime.logging;

/** How grave a line of the log is. */
public enum LogLevel {
    UNDEFINED,
    TRACE,
    DEBUG,
    INFO,
    WARN,
    ERROR,
    FATAL;

    public static LogLevel fromString(String name) {
        return name == null ? UNDEFINED : valueOf(name.toUpperCase(java.util.Locale.ROOT));
    }
}
