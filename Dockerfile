# An image of nothing but the program, for `make image`: it is built beforehand, so
# that no base image and no network are needed. README.md has how to run it.
FROM scratch
COPY bin/plimsoll /plimsoll
# Where the machine is to be mounted: read-only, with docker run -v /:/host:ro.
ENV PLIMSOLL_ROOT=/host
ENTRYPOINT ["/plimsoll"]
CMD ["assess"]
