using System.Security.Cryptography;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>Compares files with the checksums that a manifest records.</summary>
internal static class StoreChecksum
{
    public static void Require(string path, string sha256)
    {
        byte[] hash;
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 20, FileOptions.SequentialScan);
            hash = SHA256.HashData(stream);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InputException(path, "cannot be read: " + exception.Message, "check the file and its disk", exception);
        }

        if (Convert.ToHexStringLower(hash) != sha256)
        {
            throw new InputException(path, "is damaged: it does not have the sha256 that the manifest records", "restore the file, or delete the store and collect anew");
        }
    }
}
