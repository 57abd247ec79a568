namespace CircuitLasso.Numerics;

/// <summary>Turns the system's failures to write into one line for the user.</summary>
internal static class WriteFailure
{
    // Windows: ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL as HRESULTs. Unix: the errno itself, ENOSPC everywhere, EDQUOT on Linux and macOS.
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);
    private const int UnixNoSpace = 28;
    private const int LinuxQuota = 122;
    private const int MacQuota = 69;

    // .NET reports a file beyond the size limit of the system or the process (EFBIG) as an argument out of range.
    public static bool IsOne(Exception exception) => exception is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentOutOfRangeException;

    public static InputException Describe(string path, Exception exception) => exception switch
    {
        IOException { HResult: WindowsDiskFull or WindowsHandleDiskFull or UnixNoSpace } =>
            new InputException(path, "the disk is full, nothing was written", "free some space or choose another folder", exception),
        IOException { HResult: LinuxQuota or MacQuota } =>
            new InputException(path, "the disk quota is used up, nothing was written", "free some space or choose another folder", exception),
        ArgumentOutOfRangeException =>
            new InputException(path, "the file would be larger than this system or the limit of this process allows", "raise the limit or choose another folder", exception),
        DirectoryNotFoundException =>
            new InputException(path, "its folder does not exist", "create the folder first", exception),
        UnauthorizedAccessException =>
            new InputException(path, "may not be written", "choose a folder that you may write to", exception),
        PathTooLongException =>
            new InputException(path, "its name is too long", "choose a shorter name", exception),
        _ => new InputException(path, $"cannot be written ({exception.Message})", "choose another file or folder", exception),
    };
}
