import java.io.Closeable;
import java.io.IOException;

/** Writes one kind of the JVM's traces. */
public class Crash {
    static class StoreException extends RuntimeException {
        StoreException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    static class Connection implements Closeable {
        public void close() throws IOException {
            throw new IOException("cannot close", new IllegalStateException("already closed"));
        }
    }

    static void insert(int number) {
        throw new IllegalArgumentException("duplicate key " + number);
    }

    static void save(int number) {
        try {
            insert(number);
        } catch (IllegalArgumentException error) {
            throw new StoreException("cannot save " + number + "\nsecond line of the message", error);
        }
    }

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "caused" -> {
                try {
                    save(1);
                } catch (StoreException error) {
                    error.printStackTrace();
                }
            }
            case "suppressed" -> {
                try (Connection connection = new Connection()) {
                    save(2);
                } catch (StoreException error) {
                    error.printStackTrace();
                }
            }
            default -> save(3);
        }
    }
}
