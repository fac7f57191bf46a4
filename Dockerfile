# An image of nothing but Roadstead: the release binary, the C library it was linked with, certificate authorities.
# `make image` prepares the tar (scripts/image.sh) and builds it; nothing is fetched.
FROM scratch
ADD target/image/root.tar /
ENV ROADSTEAD_LISTEN=0.0.0.0:5000 \
    ROADSTEAD_DATA_DIR=/data
USER 65532:65532
WORKDIR /data
VOLUME /data
EXPOSE 5000
STOPSIGNAL SIGTERM
ENTRYPOINT ["/roadstead"]
CMD ["serve"]
