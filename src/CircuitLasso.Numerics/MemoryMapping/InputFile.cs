namespace CircuitLasso.Numerics;

/// <summary>Opens files that the user named.</summary>
internal static class InputFile
{
    /// <summary>Opens a file for reading, unbuffered.</summary>
    /// <exception cref="InputException">The file is missing, is a folder or may not be read.</exception>
    public static FileStream OpenRead(string path)
    {
        try
        {
            if (Directory.Exists(path))
            {
                throw new InputException(path, "is a folder", "name a file inside it");
            }

            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InputException(path, "does not exist", "check the path", exception);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new InputException(path, "may not be read", "change its permissions", exception);
        }
        catch (IOException exception)
        {
            throw new InputException(path, $"cannot be read ({exception.Message})", "check the file and its disk", exception);
        }
    }
}
